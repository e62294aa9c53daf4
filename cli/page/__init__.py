"""The page: a picture of what is there, what ran and what is due, in one HTML file.

It asks for nothing from anywhere: style, script and facts stand in the file, so that it opens from a
network drive, in a mail, without a network. ``nemflow ui`` serves the same page and lets it look again.
"""
