"""Calendar invitations and feeds."""
