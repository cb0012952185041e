"""What each box means in torch: a table from the origin of a box to what writes its code."""
