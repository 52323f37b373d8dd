//! Scale-up domains: how many switch chips and links join the accelerators of one domain.

use crate::design::SizingError;

/// A scale-up domain to be sized.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScaleUpDesign {
    /// Accelerators in one domain (8: NVL8, 72: NVL72).
    pub domain: u32,
    /// Links of one accelerator (18 for NVLink 4 and 5).
    pub links_per_chip: u32,
    /// Ports of one switch chip at the rate of a link; zero where accelerators are joined directly.
    pub radix: u32,
}

/// What joins one domain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScaleUpBill {
    /// Tiers of switch chips: none in a mesh, one, or two.
    pub tiers: u32,
    /// Switch chips that accelerators attach to.
    pub leaf: u64,
    /// Switch chips above them.
    pub spine: u64,
    /// Links from accelerators, or between accelerators of a mesh.
    pub chip_links: u64,
    /// Links between switch chips.
    pub switch_links: u64,
}

impl ScaleUpBill {
    /// All switch chips of the domain.
    pub fn switches(&self) -> u64 {
        self.leaf + self.spine
    }
}

/// Sizes one domain: every link of a chip is a plane of its own. A switch chip serves as many planes as fit its
/// ports where the domain fits; a larger domain makes each plane a two-tier tree without oversubscription. Without
/// switches every pair of chips shares the links evenly.
///
/// The rule gives what non-blocking joining needs: 18 chips of 72 ports for the 72 accelerators of an NVL72 and two for
/// eight of the same links, as built. Boards may carry more: eight H100 need three 64-port chips, and have four.
///
/// # Errors
/// [`SizingError`] where two tiers do not reach, or a mesh has fewer links than peers.
pub fn size_scaleup(d: &ScaleUpDesign) -> Result<ScaleUpBill, SizingError> {
    let (domain, links, radix) = (u64::from(d.domain), u64::from(d.links_per_chip), u64::from(d.radix));
    if domain < 2 || links == 0 {
        return Err(SizingError::Invalid {
            what: "accelerators in a scale-up domain and links of each",
            must: "at least two and one",
        });
    }
    if radix == 0 {
        if links < domain - 1 {
            return Err(SizingError::Invalid {
                what: "links of an accelerator in a mesh",
                must: "at least one to each peer",
            });
        }
        return Ok(ScaleUpBill {
            tiers: 0,
            leaf: 0,
            spine: 0,
            chip_links: domain * links / 2,
            switch_links: 0,
        });
    }
    if domain <= radix {
        let planes_per_switch = radix / domain;
        let leaf = links.div_ceil(planes_per_switch);
        return Ok(ScaleUpBill { tiers: 1, leaf, spine: 0, chip_links: domain * links, switch_links: 0 });
    }
    let down = radix / 2;
    let leaf = domain.div_ceil(down.max(1));
    if down == 0 || leaf > radix {
        let needed = (1..=u32::MAX / 2)
            .find(|half| 2 * u64::from(*half) * u64::from(*half) >= domain)
            .unwrap_or(u32::MAX / 2);
        return Err(SizingError::TooManyGroups {
            endpoints: domain,
            ceiling: down * radix,
            radix: d.radix,
            radix_needed: 2 * needed,
            structure: "two-tier scale-up domain",
        });
    }
    let uplinks = leaf * down;
    let spine = (uplinks.div_ceil(radix)..=down).find(|s| down.is_multiple_of(*s)).unwrap_or(down);
    Ok(ScaleUpBill {
        tiers: 2,
        leaf: leaf * links,
        spine: spine * links,
        chip_links: domain * links,
        switch_links: uplinks * links,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(domain: u32, links_per_chip: u32, radix: u32) -> ScaleUpBill {
        size_scaleup(&ScaleUpDesign { domain, links_per_chip, radix }).unwrap()
    }

    #[test]
    fn domains_as_built() {
        // GB200 NVL72: nine trays of two switch chips, 1,296 links; HGX B200: two chips.
        assert_eq!((of(72, 18, 72).leaf, of(72, 18, 72).chip_links), (18, 1296));
        assert_eq!(of(8, 18, 72).leaf, 2);
        // HGX H100 has four, of which the non-blocking rule needs three.
        assert_eq!(of(8, 18, 64).leaf, 3);
        // MI300X: seven links, one to each peer.
        assert_eq!((of(8, 7, 0).chip_links, of(8, 7, 0).switches()), (28, 0));
    }

    #[test]
    fn a_larger_domain_takes_two_tiers_without_oversubscription() {
        let b = of(576, 18, 72);
        assert_eq!((b.tiers, b.leaf, b.spine, b.switch_links), (2, 288, 9 * 18, 576 * 18));
        let far = size_scaleup(&ScaleUpDesign { domain: 4096, links_per_chip: 18, radix: 72 });
        assert!(
            matches!(far, Err(SizingError::TooManyGroups { ceiling: 2592, radix_needed: 92, .. })),
            "{far:?}"
        );
    }

    #[test]
    fn a_mesh_needs_a_link_to_each_peer() {
        assert!(size_scaleup(&ScaleUpDesign { domain: 8, links_per_chip: 6, radix: 0 }).is_err());
        assert!(size_scaleup(&ScaleUpDesign { domain: 1, links_per_chip: 6, radix: 64 }).is_err());
    }
}
