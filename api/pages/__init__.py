"""Plain pages, without JavaScript: the board and mailbox of the embedded product, and /go links."""
