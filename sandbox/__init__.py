"""A local stand-in for SendGrid, X and Facebook that keeps books of everything it accepted."""
