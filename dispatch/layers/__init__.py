"""A city's layers kept: change sets put in force and undone, held for a second person where rules would be stranded."""
