"""The panel's API: the real application in a real server on loopback, with a real database and a real station."""
