"""Services on this machine: CDS Hooks. They route a request to one call of the package and write the answer."""
