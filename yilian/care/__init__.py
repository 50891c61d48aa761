"""What is done for a patient across institutions. Peers never import each other."""
