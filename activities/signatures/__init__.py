"""What workflows may ask of activities: names, arguments and results, and nothing that does I/O.

A workflow imports these modules and no other of the package. Arguments carry references (incident,
message number, revision, digest), never a body, an address or a token. Names live for years in
histories and are never changed; a new field gets a default.
"""
