"""Figure families, one a file: each turns one record into pictures."""
