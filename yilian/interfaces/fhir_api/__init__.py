"""FHIR R4 over HTTP and from files."""
