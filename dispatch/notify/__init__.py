"""Messages to units and people: written with the case, sent afterwards."""
