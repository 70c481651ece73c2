"""The office's own templates: checked, previewed, kept."""
