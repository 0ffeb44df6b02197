"""The explorer's HTTP side: one file a resource, no mathematics. The first comes with it."""
