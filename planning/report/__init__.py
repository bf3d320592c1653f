"""One content model, printed as PDF, HTML and tables."""
