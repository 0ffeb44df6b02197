"""The explorer's HTTP side: one file a resource, no mathematics.

`exhibit` says what the server is given, `app` puts it behind HTTP, `serve` opens it to a browser.
"""
