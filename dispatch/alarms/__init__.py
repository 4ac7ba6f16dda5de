"""Who is called, and when: the roster asked for an instant, looked over for a period, tried out by a drill."""
