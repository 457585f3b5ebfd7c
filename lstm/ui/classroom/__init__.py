"""The parts of the class page: entrance, board with the trainings, quiz, the teacher's controls."""
