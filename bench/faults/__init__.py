"""What a server suffers, done to a running region. Start reading at README.md."""
