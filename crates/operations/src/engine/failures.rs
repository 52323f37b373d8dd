use super::Engine;

impl Engine<'_> {
    pub(super) fn start_breakdowns(&mut self) {}
    pub(super) fn breaks(&mut self) {}
    pub(super) fn noticed(&mut self, _node: u32, _component: u16, _lemon: bool) {}
    pub(super) fn back(&mut self, _node: u32) {}
}
