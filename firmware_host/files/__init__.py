"""What people write: table, rider and program files, told apart line by line, and held against each other."""
