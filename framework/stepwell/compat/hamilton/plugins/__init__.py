"""What comes with other libraries; each is imported when it is used."""
