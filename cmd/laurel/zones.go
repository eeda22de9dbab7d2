package main

import _ "time/tzdata" // an issuer's time zone is known on every machine, also where the system has no database of them
