//! Which path asks for what.

/// What a path asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Route {
    /// Metrics of the whole broker.
    Metrics,
    /// Metrics of each queue and connection.
    MetricsPerObject,
    /// Whether the broker takes work.
    Health,
    /// A resource of the management API.
    Api(Resource),
    /// Below `/api`, and not there.
    UnknownApi,
    /// Not there.
    Unknown,
}

/// A resource of the management API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Resource {
    /// The broker as a whole.
    Overview,
    /// The one node.
    Nodes,
    /// The virtual hosts.
    VirtualHosts,
    /// The connections.
    Connections,
    /// The channels.
    Channels,
    /// The consumers, of one virtual host or of all.
    Consumers(Option<String>),
    /// The exchanges, of one virtual host or of all.
    Exchanges(Option<String>),
    /// The queues, of one virtual host or of all.
    Queues(Option<String>),
    /// A queue, by virtual host and name.
    Queue(String, String),
    /// The bindings, of one virtual host or of all.
    Bindings(Option<String>),
}

impl Route {
    /// What `path` asks for. Names in it are percent-encoded.
    pub fn of(path: &str) -> Route {
        match path {
            "/metrics" => Route::Metrics,
            "/metrics/per-object" => Route::MetricsPerObject,
            "/health" => Route::Health,
            _ => match path.strip_prefix("/api").filter(|rest| rest.is_empty() || rest.starts_with('/')) {
                Some(rest) => Resource::of(rest).map_or(Route::UnknownApi, Route::Api),
                None => Route::Unknown,
            },
        }
    }

    /// Whether it is for users who may monitor.
    pub fn needs_login(&self) -> bool {
        matches!(self, Route::Api(_) | Route::UnknownApi)
    }
}

impl Resource {
    fn of(path: &str) -> Option<Resource> {
        let names: Option<Vec<String>> = path.split('/').skip(1).map(decoded).collect();
        let names = names?;
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let host = |names: &[&str]| names.first().map(|name| (*name).to_owned());
        match names[..] {
            ["overview"] => Some(Resource::Overview),
            ["nodes"] => Some(Resource::Nodes),
            ["vhosts"] => Some(Resource::VirtualHosts),
            ["connections"] => Some(Resource::Connections),
            ["channels"] => Some(Resource::Channels),
            ["consumers", ref rest @ ..] if rest.len() <= 1 => Some(Resource::Consumers(host(rest))),
            ["exchanges", ref rest @ ..] if rest.len() <= 1 => Some(Resource::Exchanges(host(rest))),
            ["bindings", ref rest @ ..] if rest.len() <= 1 => Some(Resource::Bindings(host(rest))),
            ["queues", ref rest @ ..] if rest.len() <= 1 => Some(Resource::Queues(host(rest))),
            ["queues", host, name] => Some(Resource::Queue(host.to_owned(), name.to_owned())),
            _ => None,
        }
    }
}

/// A percent-encoded name as it is meant. None if it is not UTF-8.
fn decoded(name: &str) -> Option<String> {
    percent_encoding::percent_decode_str(name).decode_utf8().ok().map(String::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_told_apart() {
        assert_eq!(Route::of("/metrics"), Route::Metrics);
        assert_eq!(Route::of("/health"), Route::Health);
        assert_eq!(Route::of("/api/overview"), Route::Api(Resource::Overview));
        assert_eq!(Route::of("/api/queues"), Route::Api(Resource::Queues(None)));
        assert_eq!(Route::of("/api/queues/%2F"), Route::Api(Resource::Queues(Some("/".into()))));
        assert_eq!(Route::of("/api/queues/%2f/a%20b"), Route::Api(Resource::Queue("/".into(), "a b".into())));
        for path in ["/api", "/api/", "/api/users", "/api/queues/a/b/c", "/api/overview/x", "/api/queues/%ff"] {
            assert_eq!(Route::of(path), Route::UnknownApi, "{path}");
        }
        for path in ["/", "", "/apis/overview", "/metrics/", "/Health"] {
            assert_eq!(Route::of(path), Route::Unknown, "{path}");
        }
    }
}
