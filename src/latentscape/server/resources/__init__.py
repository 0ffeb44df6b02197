"""One file a resource: each says what may be asked, and which of an exhibit's methods answers."""
