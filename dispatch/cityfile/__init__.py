"""A city's folder (docs/city.md): read, checked, loaded."""
