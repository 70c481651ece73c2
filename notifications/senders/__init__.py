"""How an email leaves: one protocol, and the mailbox, SMTP and SendGrid behind it."""
