import AccountsProjection
import ActivationsProjection
import DevicesProjection
import EventCoding
import IdentitiesProjection
import ProjectionKit
import SpacesProjection

/// The projections that this program runs; one of your own is added here.
enum ShippedProjections {
    static func all(_ master: MasterKey) -> [any Projection] {
        [
            AccountsProjection(master: master), ActivationsProjection(), DevicesProjection(master: master),
            IdentitiesProjection(), SpacesProjection(),
        ]
    }
}
