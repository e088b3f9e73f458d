"""Tables of rows: how their texts are read, whoever sends them."""
