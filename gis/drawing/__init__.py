"""Unit grids drawn by the product: cut along streets and blocks, fitted to an outline, put in order for numbering."""
