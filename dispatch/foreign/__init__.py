"""Past cases of another system: columns by a mapping file, stamps repaired, targets compared with our clock."""
