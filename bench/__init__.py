"""What is measured, and against which limit. Start reading at README.md."""
