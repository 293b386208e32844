"""The operator panel: a page in a browser, served by a process of its own; ``station`` is its end in the controller."""
