//! Positions on the earth and the distance between them; the one file that computes with floats.
//! It does not know what stands there.

#![allow(
    clippy::float_arithmetic,
    reason = "distances on a sphere; nothing here is money"
)]

use std::fmt;
use std::str::FromStr;

use geo::{Distance, Haversine, Point};

/// A position in text was not of the expected form, or not on the earth.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a position such as 36.342235,-94.07141 (latitude, longitude, in degrees)")]
pub struct PlaceError(pub String);

/// A WGS 84 position in millionths of a degree (about 11 cm); prints as `36.342235,-94.071410`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// Latitude, -90,000,000 to 90,000,000.
    pub latitude_udeg: i32,
    /// Longitude, -180,000,000 to 180,000,000.
    pub longitude_udeg: i32,
}

impl Position {
    /// Great-circle distance in whole metres.
    #[must_use]
    pub fn metres_to(self, other: Position) -> i64 {
        #[allow(
            clippy::cast_possible_truncation,
            reason = "half the earth's girth fits"
        )]
        let metres = Haversine.distance(self.point(), other.point()).round() as i64;
        metres
    }

    /// Latitudes and longitudes (least, greatest) of a box that holds the circle of `metres` around
    /// this position. Near a pole or the date line the box widens to all longitudes.
    #[must_use]
    pub fn around(self, metres: i64) -> [(i32, i32); 2] {
        let metres = metres.clamp(0, 20_100_000) as f64 + 1.0;
        let latitude = degrees(self.latitude_udeg);
        let high = metres / 110_500.0;
        let edge = (latitude.abs() + high).min(90.0).to_radians().cos();
        let wide = if edge < 1e-6 {
            360.0
        } else {
            metres / (110_500.0 * edge)
        };
        let longitude = degrees(self.longitude_udeg);
        let all = longitude - wide < -180.0 || longitude + wide > 180.0;
        let reach = if all {
            (-180.0, 180.0)
        } else {
            (longitude - wide, longitude + wide)
        };
        [
            (
                micro((latitude - high).max(-90.0)),
                micro((latitude + high).min(90.0)),
            ),
            (micro(reach.0), micro(reach.1)),
        ]
    }

    fn point(self) -> Point {
        Point::new(degrees(self.longitude_udeg), degrees(self.latitude_udeg))
    }
}

fn degrees(udeg: i32) -> f64 {
    f64::from(udeg) / 1e6
}

#[allow(
    clippy::cast_possible_truncation,
    reason = "degrees in range fit i32 as millionths"
)]
fn micro(degrees: f64) -> i32 {
    (degrees * 1e6).round() as i32
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:.6},{:.6}",
            degrees(self.latitude_udeg),
            degrees(self.longitude_udeg)
        )
    }
}

impl FromStr for Position {
    type Err = PlaceError;

    fn from_str(text: &str) -> Result<Self, PlaceError> {
        let wrong = || PlaceError(text.to_owned());
        let (latitude, longitude) = text.split_once(',').ok_or_else(wrong)?;
        let latitude: f64 = latitude.trim().parse().map_err(|_| wrong())?;
        let longitude: f64 = longitude.trim().parse().map_err(|_| wrong())?;
        let on_earth = (-90.0..=90.0).contains(&latitude) && (-180.0..=180.0).contains(&longitude);
        if !on_earth {
            return Err(wrong());
        }
        Ok(Position {
            latitude_udeg: micro(latitude),
            longitude_udeg: micro(longitude),
        })
    }
}
