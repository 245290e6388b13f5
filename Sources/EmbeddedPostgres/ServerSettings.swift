/// What the server is configured with, as the text of its two configuration files.
///
/// They lie beside the data directory and belong to us, so the server's user cannot change them, and a server started
/// by hand on the data directory alone does not inherit the open door of `access`.
enum ServerSettings {
    /// What would change where the server listens, who may enter, or what is safe; never taken from outside.
    static let reserved: Set<String> = [
        "listen_addresses", "port", "unix_socket_directories", "unix_socket_permissions", "unix_socket_group",
        "data_directory", "config_file", "hba_file", "ident_file", "external_pid_file", "cluster_name",
        "include", "include_dir", "include_if_exists",
    ]

    /// Who may enter: everybody who can reach the socket, under any role.
    ///
    /// That is safe because the socket's directory has mode 0700: only the server's own system user and root pass it,
    /// and either could read and write the data files anyway. A password would have to lie beside them. The roles
    /// keep the service's connections apart from the log's owner; they are not what keeps strangers out.
    static let access = """
        # Written anew at every start.
        # Only the server's system user and root can reach the socket; see the directory's mode.
        local all         all      trust
        local replication postgres trust

        """

    private static let ours: [String: String] = [
        // What was answered is on disk.
        "fsync": "on",
        "synchronous_commit": "on",
        "full_page_writes": "on",
        "wal_level": "replica",
        "max_wal_size": "2GB",
        // A service on one machine.
        "max_connections": "60",
        "shared_buffers": "128MB",
        "jit": "off",
        "autovacuum": "on",
        // The same answers everywhere.
        "timezone": "UTC",
        "log_timezone": "UTC",
        "datestyle": "iso, ymd",
        "lc_messages": "C",
        "lc_monetary": "C",
        "lc_numeric": "C",
        "lc_time": "C",
        "default_text_search_config": "pg_catalog.simple",
        // The log names what went wrong, never a value: no statements, no parameters, no DETAIL line.
        "log_destination": "stderr",
        "logging_collector": "off",
        "log_line_prefix": "%m [%p] ",
        "log_min_messages": "warning",
        "log_min_error_statement": "panic",
        "log_error_verbosity": "terse",
        "log_statement": "none",
        "log_min_duration_statement": "-1",
        "log_parameter_max_length": "0",
        "log_parameter_max_length_on_error": "0",
        "log_checkpoints": "off",
        "log_autovacuum_min_duration": "-1",
    ]

    /// The text of `postgresql.conf`.
    static func configuration(
        place: ClusterPlace, socketDirectory: String, settings: [String: String]
    ) throws(EmbeddedPostgresError) -> String {
        var all = ours
        for (name, value) in settings {
            let key = name.lowercased()
            guard !reserved.contains(key) else {
                throw EmbeddedPostgresError(.invalidSetting, "the setting \(name) is fixed for the embedded server")
            }
            all[key] = value
        }
        all["listen_addresses"] = ""
        all["port"] = "\(SocketDirectory.port)"
        all["unix_socket_directories"] = quotedListItem(socketDirectory)
        all["unix_socket_permissions"] = "0700"
        all["hba_file"] = place.accessFile
        all["cluster_name"] = place.serverName
        var text = "# Written anew at every start.\n"
        for (name, value) in all.sorted(by: { $0.key < $1.key }) {
            text += "\(try checked(name)) = \(try quoted(value, of: name))\n"
        }
        return text
    }

    private static func checked(_ name: String) throws(EmbeddedPostgresError) -> String {
        let letters = "abcdefghijklmnopqrstuvwxyz0123456789_.".utf8
        guard !name.isEmpty, name.utf8.allSatisfy(letters.contains) else {
            throw EmbeddedPostgresError(.invalidSetting, "\(name) is not the name of a setting")
        }
        return name
    }

    private static func quoted(_ value: String, of name: String) throws(EmbeddedPostgresError) -> String {
        guard value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7f }) else {
            throw EmbeddedPostgresError(.invalidSetting, "the value of \(name) holds a control character")
        }
        var text = "'"
        for character in value.unicodeScalars {
            if character == "'" || character == "\\" { text.unicodeScalars.append(character) }
            text.unicodeScalars.append(character)
        }
        return text + "'"
    }

    /// Socket directories are a list, in which a comma or a space in a path would otherwise divide.
    private static func quotedListItem(_ path: String) -> String {
        var text = "\""
        for character in path.unicodeScalars {
            if character == "\"" { text.unicodeScalars.append(character) }
            text.unicodeScalars.append(character)
        }
        return text + "\""
    }
}
