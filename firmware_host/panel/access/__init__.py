"""Who may what: people and their PINs, logins, tokens, wrong tries, and from where the panel may be reached."""
