import DoorKit

extension NativeDoor {
    /// The pages that problems point at, and the description of the API.
    func registerProblems(on routes: inout Routes) {
        ProblemPages().register(on: &routes)
        routes.get("/openapi.yaml") { _ in
            DoorResponse(
                status: 200, contentType: "application/yaml", cacheControl: "public, max-age=300",
                body: .bytes(PackageResources.openapi_yaml))
        }
    }
}
