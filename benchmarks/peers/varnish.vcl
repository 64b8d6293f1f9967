# Nothing but the defaults: hits are what Varnish is made for. Its store is memory (the command line
# says so), its log is read by nobody.
vcl 4.1;
backend default { .host = "@IP@"; .port = "8090"; }
