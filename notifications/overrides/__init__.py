"""An office's own words for an email, in place of the built-in ones: checked, chosen, previewed."""
