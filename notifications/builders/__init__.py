"""How the context of each kind of email is made from its occasion."""
