"""What a destination can hold, and how rows are written, merged and read back."""
