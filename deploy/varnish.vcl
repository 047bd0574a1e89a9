# Varnish 6.0 or later with vmod_xkey (on Debian: apt-get install varnish varnish-modules), between
# whatever speaks HTTPS and the site. CDN=varnish-xkey CDN_URL=http://127.0.0.1:6081
vcl 4.1;
import std;
import xkey;

backend newsroom { .host = "127.0.0.1"; .port = "8000"; }
# The machines that run workers.
acl purgers { "127.0.0.1"; }

sub vcl_recv {
    if (req.method == "PURGE") {
        if (client.ip !~ purgers) {
            return (synth(403));
        }
        # An asterisk stands for every page.
        if (req.http.xkey-purge == "*") {
            ban("obj.status != 0");
        } else {
            set req.http.gone = xkey.purge(req.http.xkey-purge);
        }
        return (synth(200));
    }
    # Whoever works here gets pages from the site itself; public ones need no cookie.
    if (req.url ~ "^/(admin|comments)/" || req.http.Cookie ~ "(^|; )sessionid=") {
        return (pass);
    }
    unset req.http.Cookie;
}

sub vcl_backend_response {
    set beresp.http.xkey = beresp.http.Surrogate-Key;
    if (beresp.http.Surrogate-Control) {
        set beresp.ttl = std.duration(
            regsub(beresp.http.Surrogate-Control, "^.*max-age=([0-9]+).*$", "\1s"), 0s);
        set beresp.grace = std.duration(
            regsub(beresp.http.Surrogate-Control, "^.*revalidate=([0-9]+).*$", "\1s"), 0s);
    }
}

# Browsers ask again each time, as Cache-Control says; what is for Varnish alone ends here.
sub vcl_deliver {
    unset resp.http.xkey;
    unset resp.http.Surrogate-Key;
    unset resp.http.Surrogate-Control;
}
