"""One module a revision. A released one is never changed; a new one is added behind it."""
