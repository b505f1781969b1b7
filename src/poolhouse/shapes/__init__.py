"""Request and answer types of each service: generated from its model by `make shapes`, never edited."""
