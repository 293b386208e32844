"""The API: what pages and integrators ask for, over REST and a socket; docs/api.md says how to use it."""
