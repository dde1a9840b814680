"""HTTP for doors: requests read within bounds, answered whole."""
