"""What a sentence or cell says, for every check: words, columns, rows of effects, and when a reading is certain."""
