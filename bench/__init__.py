"""What it costs: `./run bench` (being written by the bench builder; others leave this folder alone)."""
