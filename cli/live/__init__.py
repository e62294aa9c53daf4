"""The live page: a small web server on the loopback address (extra ``ui``)."""
